// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tier 1: the socket layer's own tracepoints, Linux 6.3 and later. Fire for sockets only. */
#include "lib/understudy.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_length_send, struct sock *sk, int ret, int flags)
{
	return trusted__transfer(sk, ret, flags, SPANWIRE_TRANSMIT);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_length_recv, struct sock *sk, int ret, int flags)
{
	return trusted__transfer(sk, ret, flags, SPANWIRE_RECEIVE);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(understudy_length_send, struct sock *sk, int ret, int flags)
{
	return understudy__transfer(sk, ret, flags, SPANWIRE_TRANSMIT, UNDERSTUDY_NEXT);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(understudy_length_send_last, struct sock *sk, int ret, int flags)
{
	return understudy__transfer(sk, ret, flags, SPANWIRE_TRANSMIT, UNDERSTUDY_LAST);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(understudy_length_recv, struct sock *sk, int ret, int flags)
{
	return understudy__transfer(sk, ret, flags, SPANWIRE_RECEIVE, UNDERSTUDY_NEXT);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(understudy_length_recv_last, struct sock *sk, int ret, int flags)
{
	return understudy__transfer(sk, ret, flags, SPANWIRE_RECEIVE, UNDERSTUDY_LAST);
}
