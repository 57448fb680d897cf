import type { FromChild, Measurement, ToChild } from './measurement.ts';

/** The process that `runMeasurement` starts: one measurement, from its input to its output. */
const [module = ''] = process.argv.slice(2);
const { measurement } = (await import(module)) as { measurement: Measurement<unknown, unknown, unknown, unknown> };
let resumed: (value: unknown) => void = () => {};

// The parent is gone, and with it everyone who would read the result.
process.once('disconnect', () => process.exit(1));
process.on('message', (message: ToChild) => {
  if ('input' in message) void run(message.input);
  else resumed(message.resume);
});

async function run(input: unknown): Promise<void> {
  try {
    send({ output: await measurement.run(input, pause) });
  } catch (error) {
    send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function pause(payload: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    resumed = resolve;
    send({ pause: payload });
  });
}

function send(message: FromChild): void {
  process.send?.(message);
}
