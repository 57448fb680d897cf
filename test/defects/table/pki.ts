import type { Defect } from '../defect.ts';

const GENERATOR = 'controllers/kubeconfiggenerator/controller.test.ts';

/** Keys, certificates, kubeconfigs, and when they are made again. */
export const pki: readonly Defect[] = [
  {
    section: '4.1',
    upstream: 'the konnectivity server and the client of etcd are administrators (system:masters) for ten years',
    ours: 'nobody is but the super administrator; one year',
    shownBy: [
      [
        'controllers/tenantcontrolplane/phases/credentials.test.ts',
        'nobody but the super administrator is in system:masters',
      ],
      ['pki/control-plane.test.ts', 'only the super-admin is in system:masters'],
    ],
  },
  {
    section: '4.3',
    upstream: 'an unreadable serving certificate ends the manager (nil dereference)',
    ours: 'it is made anew',
    shownBy: [['pki/policies.test.ts', 'a pair that is missing, broken or of two halves is made again']],
  },
  {
    section: '4.4',
    upstream: 'another CA replaces the old one at once: nodes, users and half of the pods are cut off',
    ours: 'certificates of the signing authority of a bundle stay',
    shownBy: [
      ['pki/policies.test.ts', 'during a CA rotation the certificates of the signing authority of a bundle stay'],
    ],
    missing: 'a rotation by annotation has no time in which both authorities are trusted.',
  },
  {
    section: '4.5',
    upstream: 'which certificate of a Secret is watched for its end is left to chance; authorities are not watched',
    ours: 'the end of each is known to the pass that made it; that of a user’s CA is told of before',
    shownBy: [
      ['controllers/tenantcontrolplane/phases/credentials.test.ts', 'the next look is due when the first of them is'],
      ['controllers/tenantcontrolplane/phases/authorities.test.ts', 'serves until its end, and is told of before it'],
    ],
  },
  {
    section: '4.5',
    upstream: 'kubeconfigs of generators are not renewed by the clock',
    ours: 'they are',
    shownBy: [[GENERATOR, 'before it expires, and not earlier']],
  },
  {
    section: '4.6',
    upstream: 'Secrets of a generator stay when it, or the match, is gone; an unreadable one is replaced in silence',
    ours: 'they go with either; what is made again is told',
    shownBy: [
      [GENERATOR, 'two generators serve one tenant; of one that is deleted nothing stays'],
      [GENERATOR, 'when its Secret is deleted or edited'],
    ],
  },
  {
    section: '5.5',
    upstream: 'kubeconfigs of administrators are left in /tmp, two for each event',
    ours: 'nothing of the manager writes files',
    shownBy: [['test/defects/every-defect.test.ts', 'nothing of the manager writes files']],
  },
];
