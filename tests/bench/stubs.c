#include "bench.h"
void load_measure(const struct bench_options *o){(void)o;}
void daemon_measure(const struct bench_options *o){(void)o;}
