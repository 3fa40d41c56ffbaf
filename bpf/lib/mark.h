/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel does not run a tracing program on a CPU where that program is at work already. Where
 * hooks can be preempted (tracepoints since Linux 7.0, function exits on any preemptible kernel) a
 * task that is preempted inside a hook therefore hides the calls of all other tasks on its CPU. So
 * each hook is attached several times over there, as programs of their own: the lead does the work,
 * an understudy only when those before it were left out.
 *
 * Which of a call's programs did the work is told by the socket: TCP by its sequence numbers, which
 * state->flow follows; the rest by a mark, the number of the thread, put down by the program that
 * did the work and taken away by the last. The last may have been left out in the call before: the
 * second puts down that it has seen the mark, and does not believe it a second time. Only two
 * threads that send on one UNIX socket at the same instant can be mistaken for each other, but then
 * the order of their bytes is not known either.
 */
#pragma once

#include "maps.h"

enum { UNDERSTUDY_NONE, UNDERSTUDY_NEXT, UNDERSTUDY_LAST };

#define MARK_SEEN (1u << 31) /* beyond every thread's number */

/* Whether `mark` says that a program before this one dealt with the call of `thread`. */
static __always_inline bool mark__served(__u32 *mark, __u32 thread, const int place)
{
	if (place == UNDERSTUDY_NEXT) {
		if (*mark != thread)
			return false;
		*mark = thread | MARK_SEEN;
		return true;
	}
	if ((*mark & ~MARK_SEEN) != thread)
		return false;
	*mark = 0;
	return true;
}
