"""What holds a program that is not trusted: the walls of `collegium.verification.sandbox`.

    process       starts the launcher, reads its output within bounds, ends it whatever happens
    interpreter   which files a Python needs, so that it is shown these and no others
    trial         the program that tries to get out, by which isolation is proved
    seccomp       which system calls a program may make, as a filter the kernel runs
    syscalls      their names and numbers

These run in the launcher, a process of its own that is started for every program. They import no
more than they must, since every program waits for it:

    launcher      starts the program, waits for it, and leaves nothing of it behind
    namespaces    a world with a root, a network and process numbers of its own
    landlock      where there are no namespaces: which files may be opened
    folder        the working directory: filled, watched where nothing else bounds it, removed
    confine       what the program's process gives up just before the program runs
    kernel        the system calls Python has no names for
"""
