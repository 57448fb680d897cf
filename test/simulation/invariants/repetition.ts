import type { NumberedCall } from '../simulation.ts';
import { SimulationError } from '../simulation.ts';

/** Throws unless two runs made the same calls in the same order, in the same states of the world. */
export function sameTranscript(first: readonly NumberedCall[], second: readonly NumberedCall[]): void {
  const [one, other] = [first, second].map((calls) => calls.map(textOf));
  const at = one?.findIndex((text, index) => text !== other?.[index]) ?? -1;
  if (at === -1 && first.length === second.length) return;
  const where = at === -1 ? Math.min(first.length, second.length) : at;
  throw new SimulationError(
    `two runs of one seed differ at call ${where} of ${first.length} and ${second.length}: ` +
      `'${one?.[where] ?? 'none'}' and '${other?.[where] ?? 'none'}'`,
  );
}

function textOf({ process, line, key, state }: NumberedCall): string {
  return `${process} ${line} ${key} ${state}`;
}
