//go:build linux

package confine

import "golang.org/x/sys/unix"

// arch is how the kernel names this one.
const arch = unix.AUDIT_ARCH_AARCH64

// Newer systems have no calls but those that all have.
var olderCalls, openCalls []int
