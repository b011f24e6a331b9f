/** What the helper's merging makes of many cases: one a line on stdin, one answer a line. */

import { readFileSync } from "node:fs";

import { applied, difference, merge } from "../../docs/client/palm-merge.ts";
import type { Answers } from "../../docs/client/palm-merge.ts";

for (const line of readFileSync(0, "utf8").split("\n")) {
  const { base, mine, theirs, patch } = JSON.parse(line) as Record<"base" | "mine" | "theirs" | "patch", Answers>;
  const { answers, conflicts } = merge(base, mine, theirs, () => undefined);
  const back = applied(base, difference(base, mine));
  console.log(JSON.stringify({ patched: applied(base, patch), merged: answers, conflicts: conflicts.length, back }));
}
