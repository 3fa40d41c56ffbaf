// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Run by user space when it waits for the end of a message whose last bytes may only have been
 * counted: reports the counted bytes of every socket as records.
 */
#include "lib/counted.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int sweep__state(struct socket_state *state)
{
	if (!state || state->mode == SPANWIRE_POLICY_IGNORE || !(state->flags & STATE_OPEN_SENT))
		return 0;
	state__report_counted(state);
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int sweep_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	return sweep__state(ctx->value);
}

SEC("iter/bpf_map_elem")
int sweep_table(struct bpf_iter__bpf_map_elem *ctx)
{
	return sweep__state(ctx->value);
}
