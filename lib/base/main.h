#ifndef CDC_BASE_MAIN_H
#define CDC_BASE_MAIN_H

struct err;

/*
 * The end of a main(): say what went wrong, in one line. Dies of the signal
 * that asked us to stop, or of SIGPIPE if the reader of our output has left;
 * else returns the exit status: that of e, or status if e is none.
 */
int main_end(const struct err *e, int status);

#endif
