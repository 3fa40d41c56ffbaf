// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The life of TCP connections, tiers 1 and 2: connect, establishment, end. And accept, where the
 * kernel tells. */
#include "lib/life.h"
#include "lib/trusted.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keep the types of records that are only pointed to in BTF: tests/abi reads them there. */
const struct spanwire_connection *unused_connection __attribute__((unused));
const struct spanwire_process *unused_process __attribute__((unused));

static __always_inline int connection__on_change(struct sock *sk, __u32 what)
{
	switch (what) {
	case SPANWIRE_CONN_CONNECT:
		return life__connect(sk, state__make(sk));
	case SPANWIRE_CONN_OPEN:
		return life__established(state__make(sk));
	case SPANWIRE_CONN_NONE:
		return 0;
	}
	return life__end(sk, bpf_sk_storage_get(&socket_states, sk, NULL, 0), what);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(connection_state, struct sock *sk, int old, int new)
{
	return sk->sk_protocol == IPPROTO_TCP ? connection__on_change(sk, life__change(old, new))
					      : 0;
}

/* For a lead that was left out, see lib/mark.h: a connection never changes twice the same. */
static __always_inline int understudy__on_state(struct sock *sk, int old, int new)
{
	__u32 what = life__change(old, new);
	struct socket_state *state;

	if (!what || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (state && state->change == what)
		return 0;
	return connection__on_change(sk, what);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(understudy_state, struct sock *sk, int old, int new)
{
	return understudy__on_state(sk, old, new);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(understudy_state_last, struct sock *sk, int old, int new)
{
	return understudy__on_state(sk, old, new);
}

static __always_inline int connection__on_accept(struct sock *sk)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct caller caller = {.pid = id >> 32, .tid = (__u32)id};
	struct socket_state *state;

	if (!sk)
		return 0;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state || state->mode == SPANWIRE_POLICY_IGNORE || process__is_own(caller.pid))
		return 0;
	if (!process__arrived(caller.pid))
		return 0;
	connection__report(sk, state, SPANWIRE_CONN_ACCEPT, &caller);
	return 0;
}

/* Two signatures of one function; user space loads the one that fits, where fentry is allowed. */
SEC("fexit/inet_csk_accept")
int BPF_PROG(connection_accept, struct sock *listener, void *arguments, struct sock *sk)
{
	return connection__on_accept(sk);
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(connection_accept_before_6_10, struct sock *listener, int flags, int *error,
	     bool kernel, struct sock *sk)
{
	return connection__on_accept(sk);
}
