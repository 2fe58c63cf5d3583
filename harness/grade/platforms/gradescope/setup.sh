#!/usr/bin/env bash
# Makes the image in which Gradescope grades: Go, the course's tool, and the lessons' tests, built. Gradescope runs it
# as root, once, when the autograder is uploaded. What fails here fails before any student has handed in.
set -euo pipefail
export HOME=/root PATH=$PATH:/usr/local/go/bin
go=go1.26.8

cd /autograder/source
[ -s class.key ] || { echo "There is no class.key in the zip: make one (openssl rand -hex 32 >class.key), and add it." >&2; exit 1; }
# Whoever is in a box is a user of their own: they read the course's lessons, and neither the key nor a solution.
chmod 600 class.key
chmod -R o+rX course
[ ! -d course/solutions ] || chmod 700 course/solutions

# git reads a submission that is a repository.
command -v git >/dev/null && command -v go >/dev/null || {
  apt-get update
  apt-get install -y --no-install-recommends git ca-certificates curl
}
command -v go >/dev/null ||
  curl -fsSL "https://go.dev/dl/$go.linux-$(dpkg --print-architecture).tar.gz" | tar -xz -C /usr/local

cd course
go build -o /usr/local/bin/kata ./harness/cmd/kata
# The stubs, as if a student had handed them in: it builds the lessons' tests, and shows that boxes work here.
out=$(mktemp -d)
kata grade lessons -o "$out" --class-key ../class.key --cache /autograder/cache --sandbox container --jobs 1
rm -r "$out"
