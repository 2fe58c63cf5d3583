"""Grades one submission for Classroom 50, and says what it would want.

Classroom 50 runs this in the student's own GitHub Actions, where everything is within the student's reach: it is for
feedback, and not for marks. It lies in CLASSROOM/autograders/ASSIGNMENT/ together with the course, as course.tar.gz,
and the assignment's runtime has Go: {"go": "1.26"}.

It leaves result.json and release-body.md in the student's checkout, where it runs. A status other than 0 says that it
could not grade, and never that the student has failed.
"""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

# GitHub takes 125,000 characters in the text of a release.
MOST = 100_000

checkout = Path.cwd()
with tempfile.TemporaryDirectory() as work:
    course, out = Path(work, "course"), Path(work, "out")
    with tarfile.open(Path(__file__).with_name("course.tar.gz")) as archive:
        archive.extractall(course)
    # The same commit is asked the same questions. Nobody need guess them here.
    out.mkdir()
    key = hashlib.sha256(os.environ["GITHUB_SHA"].encode()).hexdigest()
    Path(out, "class.key").write_text(key + "\n")

    def kata(*args):
        command = ["go", "tool", "kata", *map(str, args)]
        return subprocess.run(command, cwd=course, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout

    # The machine is the student's for these minutes, so their code may have the rights that it gives.
    print(kata("grade", checkout, "-o", out, "--trust"))
    kata("report", out, "--format", "classroom50", "-o", checkout / "result.json")
    feedback = kata("grade", "-o", out, "--explain", checkout.name)

# Indented, it is code for Markdown, whatever the student's program has printed.
body = "".join("    " + line + "\n" for line in feedback.splitlines())
(checkout / "release-body.md").write_text(body[:MOST], encoding="utf-8")
