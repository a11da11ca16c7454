#!/usr/bin/perl
# manager.pl PATH: a service manager's socket, as in sd_notify(3); a line for each datagram: its time in ms and its text.
use strict;
use warnings;
use IO::Socket::UNIX;
use Time::HiRes;

my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$ARGV[0]: $!\n";
$| = 1;
while (defined $socket->recv(my $text, 65536)) {
	printf "%d %s\n", Time::HiRes::time() * 1000, $text;
}
