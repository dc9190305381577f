/*
 * What a process runs instead of the vDSO's clock_gettime, gettimeofday and time: the original
 * code, and then a line through the time it gave. It is copied, as one flat piece without
 * relocations, into the unused end of the process's private copy of the vDSO. It must not touch
 * vector registers (Go keeps a zero in one), nor x18 and x28 on arm64 (x28 is Go's g).
 *
 * A change of clock is a new slot that begins at an instant a little ahead, and then a new index.
 * Who reads the true time before that instant still uses the slot before, so that everybody agrees
 * on what any true instant looks like, and the monotonic clock goes back for nobody.
 */
typedef long i64;
typedef unsigned long u64;
typedef unsigned int u32;

struct timespec { i64 sec, nsec; };

struct line {
	i64 base; /* true time at which the line begins */
	i64 fake; /* what the clock shows then */
	u64 mult; /* what it gains in a true nanosecond, times 2^32 */
	i64 step; /* how much of fake came by steps; for the agent, the hook does not read it */
};

struct slot {
	struct line line[2]; /* realtime, monotonic */
	i64 delta, period;   /* realtime jumps by delta every other period; 0 is never */
	i64 since;           /* when the slot came into force, monotonic; for the agent */
};

struct control {
	u64 magic;
	u32 gettime, gettimeofday, time, real, room, size; /* offsets from here, and two lengths */
	u64 index;                                         /* the slot in force, modulo 4 */
	struct slot slot[4];
};

#define HIDDEN __attribute__((visibility("hidden")))
extern const struct control control HIDDEN;
int real_gettime(int id, struct timespec *t) HIDDEN; /* the original code, moved */

#define BIT(id) (1u << (id))
#define IS_REALTIME (BIT(0) | BIT(5) | BIT(8) | BIT(11))  /* itself, coarse, alarm, TAI */
#define IS_MONOTONIC (BIT(1) | BIT(6) | BIT(7) | BIT(9)) /* itself, coarse, boottime, its alarm */
#define IS_APART (BIT(7) | BIT(9) | BIT(11)) /* runs at a distance from the clock of its class */

static inline i64 nanoseconds(const struct timespec *t)
{
	return t->sec * 1000000000L + t->nsec;
}

/* shift is how far the clock of class k is off at the true time t. */
static inline i64 shift(u64 index, int k, i64 t)
{
	const struct slot *s = &control.slot[index & 3];
	if (t < s->line[k].base)
		s = &control.slot[(index - 1) & 3];
	const struct line *l = &s->line[k];
	i64 gone = t - l->base;
	i64 shown = l->fake + (i64)(((__int128)gone * (i64)l->mult) >> 32);
	if (k == 0 && s->period && !((u64)gone / (u64)s->period & 1))
		shown += s->delta;
	return shown - t;
}

HIDDEN int hook_gettime(int id, struct timespec *t)
{
	u32 bit = (u32)id < 32 ? BIT(id) : 0;
	int k = (bit & IS_MONOTONIC) != 0;
	if (!(bit & (IS_REALTIME | IS_MONOTONIC)))
		return real_gettime(id, t);
	for (;;) {
		u64 index = __atomic_load_n(&control.index, __ATOMIC_ACQUIRE);
		int failed = real_gettime(id, t);
		if (failed)
			return failed;
		i64 own = nanoseconds(t), now = own;
		if (bit & IS_APART) {
			struct timespec of_class;
			real_gettime(k, &of_class);
			now = nanoseconds(&of_class);
		}
		u64 shown = own + shift(index, k, now);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&control.index, __ATOMIC_RELAXED) != index)
			continue; /* it changed meanwhile, and the slot may have been used again */
		t->sec = shown / 1000000000UL;
		t->nsec = shown % 1000000000UL;
		return 0;
	}
}

HIDDEN int hook_gettimeofday(struct timespec *t, u32 *zone)
{
	if (t) {
		struct timespec now;
		int failed = hook_gettime(0, &now);
		if (failed)
			return failed;
		t->sec = now.sec;
		t->nsec = now.nsec / 1000; /* microseconds here */
	}
	if (zone)
		zone[0] = zone[1] = 0;
	return 0;
}

HIDDEN i64 hook_time(i64 *seconds)
{
	struct timespec now;
	hook_gettime(5, &now);
	if (seconds)
		*seconds = now.sec;
	return now.sec;
}
