/** All scenarios, against a real server. Told in one line of JSON on stdin; tells what it saw in one line of
 * JSON a scenario. tests/client/test_palm_drafts.py says what it should have seen. */

import { scenarios } from "./scenarios.ts";
import { troubles } from "./troubles.ts";

for (const [name, run] of Object.entries({ ...scenarios, ...troubles })) {
  let seen: Record<string, unknown>;
  try {
    seen = await run();
  } catch (error) {
    seen = { error: error instanceof Error ? error.stack : String(error) };
  }
  console.log(JSON.stringify({ scenario: name, ...seen }));
}
