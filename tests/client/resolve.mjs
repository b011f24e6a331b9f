/** Bundlers find "./palm-merge" themselves; Node wants to be told how files end. */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) => next(specifier.startsWith("./palm-") ? `${specifier}.ts` : specifier, context),
});
