/* Prints, until nobody reads, what every clock of libc shows between two true readings. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long ns(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }

static long long real(int id)
{
	struct timespec t;
	syscall(SYS_clock_gettime, id, &t);
	return ns(t);
}

static long long shown(int id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return ns(t);
}

int main(void)
{
	static const int ids[] = { CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI,
		CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME };
	for (;;) {
		struct timeval v;
		long long raw = real(CLOCK_MONOTONIC_RAW), s[6];
		long long truth[6];
		for (int i = 0; i < 6; i++) {
			truth[i] = real(ids[i]);
			s[i] = shown(ids[i]);
		}
		long long seconds = time(NULL);
		gettimeofday(&v, NULL);
		long long after = real(CLOCK_MONOTONIC_RAW), untouched = shown(CLOCK_MONOTONIC_RAW);
		printf("%lld %lld %lld", raw, after, untouched);
		for (int i = 0; i < 6; i++)
			printf(" %lld %lld", truth[i], s[i]);
		printf(" %lld %lld\n", seconds, v.tv_sec * 1000000000LL + v.tv_usec * 1000LL);
		if (fflush(stdout))
			return 0;
	}
}
