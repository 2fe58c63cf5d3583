//go:build !linux

package sockopt

var options = []option{
	{"SO_REUSEADDR", solSocket, soReuseAddr},
	{"SO_BROADCAST", solSocket, soBroadcast},
}
