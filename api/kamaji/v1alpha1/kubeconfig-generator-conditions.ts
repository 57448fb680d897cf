/** Every condition of a KubeconfigGenerator with the reasons it may have; the first reason is that of the good state. */
export const kubeconfigGeneratorConditions = {
  /** Every matching tenant has its kubeconfig. Where several have none, the first that failed gives the reason. */
  Ready: [
    'Ready',
    'Waiting',
    'SelectorInvalid',
    'NameReserved',
    'ValueNotFound',
    'ValueRefused',
    'EndpointNotFound',
    'AuthorityUnusable',
    'ForeignObject',
    'InternalError',
  ],
  Paused: ['NotPaused', 'Paused'],
} as const;

export type KubeconfigGeneratorConditionType = keyof typeof kubeconfigGeneratorConditions;

export type KubeconfigGeneratorReason<T extends KubeconfigGeneratorConditionType = KubeconfigGeneratorConditionType> =
  (typeof kubeconfigGeneratorConditions)[T][number];
