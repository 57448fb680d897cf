import forge from 'node-forge';

const { asn1 } = forge;

/** One node of an ASN.1 tree. */
export type Asn1 = forge.asn1.Asn1;

/** Encodes a node as DER (X.690). */
export function encodeDer(node: Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

/** Decodes DER; throws forge's Error when it is not. */
export function decodeDer(der: Uint8Array): Asn1 {
  return asn1.fromDer(Buffer.from(der).toString('latin1'));
}

/** The children of a constructed node; throws a TypeError for a primitive one. */
export function childrenOf(node: Asn1): readonly Asn1[] {
  if (typeof node.value === 'string') throw new TypeError('primitive ASN.1 node where a constructed one was expected');
  return node.value;
}

/** The content bytes of a primitive node; throws a TypeError for a constructed one. */
export function bytesOf(node: Asn1): Buffer {
  if (typeof node.value !== 'string') throw new TypeError('constructed ASN.1 node where a primitive one was expected');
  return Buffer.from(node.value, 'latin1');
}

/** The dotted text of an OBJECT IDENTIFIER node. */
export function oidOf(node: Asn1): string {
  return asn1.derToOid(bytesOf(node).toString('latin1'));
}

export function sequence(...children: readonly Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [...children]);
}

export function set(...children: readonly Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [...children]);
}

export function oid(dotted: string): Asn1 {
  return primitive(asn1.Type.OID, Buffer.from(asn1.oidToDer(dotted).getBytes(), 'latin1'));
}

export function nullValue(): Asn1 {
  return primitive(asn1.Type.NULL, Buffer.alloc(0));
}

/** An INTEGER from its big-endian two's complement bytes. */
export function integer(bytes: Uint8Array): Asn1 {
  return primitive(asn1.Type.INTEGER, bytes);
}

export function boolean(value: boolean): Asn1 {
  return primitive(asn1.Type.BOOLEAN, Uint8Array.of(value ? 0xff : 0));
}

export function utf8String(text: string): Asn1 {
  return primitive(asn1.Type.UTF8, Buffer.from(text, 'utf8'));
}

export function octetString(bytes: Uint8Array): Asn1 {
  return primitive(asn1.Type.OCTETSTRING, bytes);
}

/** A BIT STRING; `unusedBits` counts the bits at its end that carry nothing. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Asn1 {
  return primitive(asn1.Type.BITSTRING, Buffer.concat([Uint8Array.of(unusedBits), bytes]));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5), in whole seconds. */
export function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, Buffer.from(asn1.dateToUtcTime(date), 'latin1'))
    : primitive(asn1.Type.GENERALIZEDTIME, Buffer.from(asn1.dateToGeneralizedTime(date), 'latin1'));
}

/** An explicitly tagged node: `[tag]` around others. */
export function explicit(tag: number, ...children: readonly Asn1[]): Asn1 {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- a context-specific tag is a number, not a universal type
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [...children]);
}

/** An implicitly tagged primitive: `[tag]` in place of the type's own tag. */
export function implicit(tag: number, bytes: Uint8Array): Asn1 {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- as above
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, Buffer.from(bytes).toString('latin1'));
}

/** True when the node carries the context-specific tag. */
export function hasTag(node: Asn1, tag: number): boolean {
  const type: number = node.type;
  return node.tagClass === asn1.Class.CONTEXT_SPECIFIC && type === tag;
}

function primitive(type: forge.asn1.Type, bytes: Uint8Array): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, Buffer.from(bytes).toString('latin1'));
}
