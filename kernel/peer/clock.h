/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Works that run at a time.  Whoever moves one only ever moves it earlier: somebody
 * who can have it moved again and again, with frames that need not open, must not
 * keep it from running.
 */
#ifndef _HPKM_PEER_CLOCK_H
#define _HPKM_PEER_CLOCK_H

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>

/*
 * Jiffies.  Timers that are to run within that are gathered from 64 jiffies at most, at
 * any HZ; others from eight times as many, and again.
 */
#define HPKM_TIMER_FAR	4000UL

/**
 * hpkm_jiffies_until() - what a work is to be delayed by
 * @at: nanoseconds
 * @now: nanoseconds
 *
 * The kernel lets a timer be late by about an eighth of what it waits, and gathers
 * in one moment all that it may.  Works of many peers are meant not to run together.
 *
 * Return: jiffies; one more than there are, so that the time has come when it runs.
 * Of a time that is far seven eighths, so that it has not: every work looks at what is
 * due, and sets itself again.
 */
static inline unsigned long hpkm_jiffies_until(u64 at, u64 now)
{
	unsigned long delay = 0;

	/* More than a jiffies comparison can do with is for the next look. */
	if (at > now)
		delay = min_t(u64, nsecs_to_jiffies64(at - now), MAX_JIFFY_OFFSET - 1) + 1;
	return delay > HPKM_TIMER_FAR ? delay - delay / 8 : delay;
}

/**
 * hpkm_run_within() - a work has to run, and soon
 * @workqueue: where
 * @work: runs earlier, if that is when it would have run
 * @delay: jiffies, at the latest
 *
 * Who calls it for one work at the same time with a longer delay may undo it; the
 * owner of the work serialises these, or looks again.  Context: any.
 */
static inline void hpkm_run_within(struct workqueue_struct *workqueue,
				   struct delayed_work *work, unsigned long delay)
{
	if (timer_pending(&work->timer)) {
		/* Whoever sets it meanwhile is one of those above. */
		if (time_before_eq(data_race(work->timer.expires), jiffies + delay))
			return;
	} else if (work_pending(&work->work)) {
		/* Queued and not begun: it will see what the caller has done. */
		return;
	}
	mod_delayed_work(workqueue, work, delay);
}

#endif /* _HPKM_PEER_CLOCK_H */
