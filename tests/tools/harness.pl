#!/usr/bin/perl
# harness.pl COUNTS JOBS EXEC FILE...: what prove does, and the counts appended to the file COUNTS: passed failed skipped.
# A file that ends badly, prints a broken plan or no test at all has failed, whatever its lines say.
use strict;
use warnings;
use TAP::Harness;

$| = 1;
# Ignored by who starts us (nohup, a shell's &), they would be ignored by the programs whose end is tested.
$SIG{$_} = 'DEFAULT' for qw(HUP INT QUIT);

my ($counts, $jobs, $exec, @files) = @ARGV;
my $harness = TAP::Harness->new({
    exec => sub { my ($h, $file) = @_; return $exec eq '' ? ["./$file"] : [split(' ', $exec), $file]; },
    jobs => $jobs, timer => 1, failures => 1, comments => 1,
});
my $all = $harness->runtests(@files);
my ($passed, $failed, $skipped) = (0, 0, 0);
for my $p ($all->parsers) {
    my $skips = () = $p->skipped;
    my $good = () = $p->passed;
    my $bad = () = $p->failed;
    $bad++ if $bad == 0 && ($p->has_problems || (!$p->skip_all && $p->tests_run == 0));
    $skips++ if $p->skip_all;
    $passed += $good - ($p->skip_all ? 0 : $skips);
    $failed += $bad;
    $skipped += $skips;
}
open(my $out, '>>', $counts) or die "$counts: $!\n";
print $out "$passed $failed $skipped\n";
close($out) or die "$counts: $!\n";
exit($failed || !$all->all_passed ? 1 : 0);
