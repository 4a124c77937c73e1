"""System calls by name, with their numbers on x86_64 and aarch64 ('-' where there is none)."""

from __future__ import annotations

# What a computation needs, and what harms nobody: its own memory, files it may open, time, waiting.
PLAIN = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69,
pwritev 296 70, preadv2 327 286, pwritev2 328 287, lseek 8 62, close 3 57, close_range 436 436,
dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, open 2 -, openat 257 56,
openat2 437 437, creat 85 -, access 21 -, faccessat 269 48, faccessat2 439 439, stat 4 -,
fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44,
getdents 78 -, getdents64 217 61, readlink 89 -, readlinkat 267 78, getcwd 79 17, chdir 80 49,
fchdir 81 50, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, rename 82 -,
renameat 264 38, renameat2 316 276, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36,
ftruncate 77 46, fsync 74 82, fdatasync 75 83, fallocate 285 47, fadvise64 221 223, sendfile 40 71,
copy_file_range 326 285, flock 73 32, umask 95 166,
poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20,
epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284 -,
eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87,
sendto 44 206, recvfrom 45 207, shutdown 48 210, getsockopt 55 209, getsockname 51 204,
getpeername 52 205,
brk 12 214, mmap 9 222, munmap 11 215, mremap 25 216, mprotect 10 226, madvise 28 233, msync 26 227,
membarrier 324 283,
exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95, execve 59 221, execveat 322 281,
getpid 39 172, getppid 110 173, gettid 186 178, getuid 102 174, geteuid 107 175, getgid 104 176,
getegid 108 177, getresuid 118 148, getresgid 120 150, getgroups 115 158, getpgrp 111 -,
getpgid 121 155, getsid 124 156, set_tid_address 218 96, set_robust_list 273 99, rseq 334 293,
arch_prctl 158 -, getrlimit 97 163, setrlimit 160 164, getrusage 98 165, times 100 153,
uname 63 160, sysinfo 99 179, getpriority 140 141, sched_yield 24 124, sched_getaffinity 204 123,
sched_getparam 143 121, sched_getscheduler 145 120, sched_get_priority_max 146 125,
sched_get_priority_min 147 126, getcpu 309 168,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
rt_sigsuspend 130 133, rt_sigtimedwait 128 137, sigaltstack 131 132, pause 34 -, alarm 37 -,
setitimer 38 103, getitimer 36 102, restart_syscall 219 128,
nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114,
gettimeofday 96 169, time 201 -, timer_create 222 107, timer_settime 223 110, timer_gettime 224 108,
timer_delete 226 111, timer_getoverrun 225 109, futex 202 98, futex_waitv 449 449, getrandom 318 278
"""

# What touches other processes, or changes files one cannot open. It needs a world of one's own:
# Landlock guards neither signals (in older kernels) nor the modes and times of files.
IN_A_WORLD_OF_ONES_OWN = """
fork 57 -, vfork 58 -, setsid 112 157, setpgid 109 154, kill 62 129, tkill 200 130, tgkill 234 131,
chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, utime 132 -, utimes 235 -,
utimensat 280 88, futimesat 261 -, truncate 76 45
"""

# What is allowed with some arguments only.
WITH_CARE = """
clone 56 220, clone3 435 435, prctl 157 167, prlimit64 302 261, ioctl 16 29, fcntl 72 25,
socketpair 53 199
"""

NEWEST = 452
"""The highest number above; whatever is newer is unknown here."""

MACHINES = ("x86_64", "aarch64")


def numbers(table: str, machine: str) -> dict[str, int]:
    """The calls of a table that `machine`, one of `MACHINES`, has."""
    rows = (row.split() for row in table.replace("\n", " ").split(","))
    column = 1 + MACHINES.index(machine)
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
