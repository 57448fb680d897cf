/** Object identifiers of the certificate extensions that are written and read here (RFC 5280 §4.2.1). */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Object identifiers of the subject attributes that Kubernetes reads (X.520). */
export const SUBJECT_ATTRIBUTE = { commonName: '2.5.4.3', organization: '2.5.4.10' } as const;

/** Object identifiers of the extended key usages (RFC 5280 §4.2.1.12). */
export const USAGE = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;
