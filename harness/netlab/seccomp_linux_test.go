package netlab_test

import "runtime"

// sysSeccomp is seccomp(2)'s number, which package syscall lacks on some machines.
var sysSeccomp = map[string]uintptr{"amd64": 317, "386": 354, "arm64": 277, "arm": 383, "riscv64": 277, "loong64": 277}[runtime.GOARCH]
