/** Host, without the brackets of an IPv6 address, and port of an endpoint that `resolveDataStore` has let pass. */
export function hostAndPort(endpoint: string): { readonly host: string; readonly port: number } {
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, colon).replace(/^\[(.*)\]$/u, '$1');
  return { host, port: Number(endpoint.slice(colon + 1)) };
}
