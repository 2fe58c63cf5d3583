package failure

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"udpkata/harness/wire"
)

// Keep writes an exchange to a file in the test's artifact directory, where go test
// -artifacts keeps it, and returns its name. Without that flag, or where nothing was
// sent, it does nothing.
func (x Exchange) Keep(tb testing.TB) (name string, err error) {
	if f := flag.Lookup("test.artifacts"); f == nil || f.Value.String() != "true" || len(x.Datagrams) == 0 {
		return "", nil
	}
	name = filepath.Join(tb.ArtifactDir(), "exchange.pcapng")
	file, err := os.Create(name)
	if err != nil {
		return "", err
	}
	return name, errors.Join(wire.WriteCapture(file, x.Began, x.Datagrams), file.Close())
}
