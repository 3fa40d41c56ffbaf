/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is calling: filters, and one description of each process. */
#pragma once

#include "ring.h"

static __always_inline struct task_struct *task__leader(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, group_leader);
}

/* One of the two processes of the agent itself. */
static __always_inline bool process__is_own(__u32 pid)
{
	return pid == settings.self_pid || pid == control.worker_pid;
}

static __always_inline bool filter__pid(__u32 pid)
{
	if (!settings.pid_count)
		return true;
	for (__u32 i = 0; i < SPANWIRE_MAX_FILTERS; i++) {
		if (i < settings.pid_count && settings.pids[i] == pid)
			return true;
	}
	return false;
}

static __always_inline bool comm__equal(const char *comm, __u32 filter)
{
	for (int i = 0; i < SPANWIRE_COMM; i++) {
		if (comm[i] != settings.comms[filter][i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

static __noinline bool filter__comm(struct task_struct *leader)
{
	char comm[SPANWIRE_COMM] = {};

	if (!settings.comm_count)
		return true;
	BPF_CORE_READ_INTO(&comm, leader, comm);
	for (__u32 i = 0; i < SPANWIRE_MAX_FILTERS; i++) {
		if (i < settings.comm_count && comm__equal(comm, i))
			return true;
	}
	return false;
}

static __always_inline struct kernfs_node *kernfs__parent(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *old = (void *)node;

	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(node, __parent);
}

static __always_inline void process__read_cgroup(struct spanwire_process *record,
						 struct task_struct *leader)
{
	struct kernfs_node *node = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn);
	struct kernfs_node *parent = kernfs__parent(node);

	bpf_probe_read_kernel_str(record->cgroup, sizeof(record->cgroup),
				  BPF_CORE_READ(node, name));
	if (parent)
		bpf_probe_read_kernel_str(record->cgroup_parent, sizeof(record->cgroup_parent),
					  BPF_CORE_READ(parent, name));
	record->cgroup_id = bpf_get_current_cgroup_id();
}

static __always_inline void process__read_program(struct spanwire_process *record,
						  struct task_struct *leader)
{
	struct mm_struct *mm = BPF_CORE_READ(leader, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	unsigned long length = BPF_CORE_READ(mm, arg_end) - start;

	bpf_probe_read_kernel_str(record->executable, sizeof(record->executable),
				  BPF_CORE_READ(mm, exe_file, f_path.dentry, d_name.name));
	record->args_address = start;
	record->args_length = 0;
	if (length > SPANWIRE_ARGS)
		length = SPANWIRE_ARGS;
	if (!bpf_probe_read_user(record->args, length, (void *)start))
		record->args_length = length;
}

static __noinline int process__describe(struct task_struct *leader, __u32 pid)
{
	struct process_key key = {
		.start_ns = BPF_CORE_READ(leader, start_boottime),
		.exec_id = BPF_CORE_READ(leader, self_exec_id),
	};
	struct process_key *known = bpf_map_lookup_elem(&processes, &pid);
	struct spanwire_process *record;

	if (known && known->start_ns == key.start_ns && known->exec_id == key.exec_id)
		return 0;
	record = ring__reserve(sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = SPANWIRE_RECORD_PROCESS;
	record->header.size = sizeof(*record);
	record->time_ns = bpf_ktime_get_ns();
	record->start_ns = key.start_ns;
	record->pid = pid;
	record->parent_pid = BPF_CORE_READ(leader, real_parent, tgid);
	record->uid = BPF_CORE_READ(leader, cred, uid.val);
	BPF_CORE_READ_INTO(&record->comm, leader, comm);
	process__read_program(record, leader);
	process__read_cgroup(record, leader);
	ring__submit(record);
	bpf_map_update_elem(&processes, &pid, &key, BPF_ANY);
	return 0;
}

/* A process touches a socket that another one, or none, touched before. True: it is to be seen. */
static __always_inline bool process__arrived(__u32 pid)
{
	struct task_struct *leader = task__leader();

	if (!filter__pid(pid) || !filter__comm(leader))
		return false;
	process__describe(leader, pid);
	return true;
}
