import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A directory that a Secret is mounted at. */
export interface MountedSecret {
  readonly directory: string;
  /** Puts other files in the place of all, at one stroke. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** Mounts as kubelet does (Kubernetes: pkg/volume/util/atomic_writer.go): names lead through one link, which is exchanged. */
export async function mountSecret(directory: string, files: Readonly<Record<string, string>>): Promise<MountedSecret> {
  await mkdir(directory);
  let generation = 0;
  let present: readonly string[] = [];
  const secret: MountedSecret = {
    directory,
    async write(wanted) {
      const [before, now] = [`..${generation++}`, `..${generation}`];
      await mkdir(join(directory, now));
      for (const [name, text] of Object.entries(wanted)) await writeFile(join(directory, now, name), text);
      await symlink(now, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      const names = Object.keys(wanted);
      for (const name of names.filter((one) => !present.includes(one))) {
        await symlink(join('..data', name), join(directory, name));
      }
      for (const name of present.filter((one) => !names.includes(one))) await rm(join(directory, name));
      await rm(join(directory, before), { recursive: true, force: true });
      present = names;
    },
  };
  await secret.write(files);
  return secret;
}
