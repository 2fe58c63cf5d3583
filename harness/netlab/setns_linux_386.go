package netlab

// sysSetns is setns(2)'s number, which package syscall lacks here.
const sysSetns = 346
