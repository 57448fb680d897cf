import { type Lab, labUp } from '#lab/up.ts';

/** The lab, brought up if it is not; nothing is printed. */
export function openLab(signal: AbortSignal): Promise<Lab> {
  return labUp((_title, work) => work({ signal, report: () => undefined }));
}
