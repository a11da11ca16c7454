#ifndef CDC_BASE_CLOCK_H
#define CDC_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* The machine's monotonic clock: the same for all programs. */
int64_t clock_ns(void);
int64_t clock_ms(void);
/* Unix time in milliseconds. */
int64_t clock_unix_ms(void);

#endif
