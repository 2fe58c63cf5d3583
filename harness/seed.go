package harness

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"

	"udpkata/harness/verdict"
)

// seedVariable is what chance comes from, in every story: a number from 0 to 2⁶⁴−1.
const seedVariable = "UDPKATA_SEED"

// usualSeed is the seed where nobody gives one, so that the same code always gets the
// same verdict.
const usualSeed = 1

// Rand is the story's chance: what it draws, the same seed draws again.
func (w *World) Rand() *rand.Rand {
	seed, err := seed()
	if err != nil {
		w.fatal(verdict.NotRun, "%v.", err)
	}
	name := fnv.New64a()
	fmt.Fprint(name, w.site.task)
	w.update(func() { w.seed = strconv.FormatUint(seed, 10) })
	return rand.New(rand.NewPCG(seed, name.Sum64()))
}

func seed() (uint64, error) {
	value, ok := os.LookupEnv(seedVariable)
	if !ok {
		return usualSeed, nil
	}
	seed, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, and has to be a number from 0 to 18446744073709551615", seedVariable, value)
	}
	return seed, nil
}
