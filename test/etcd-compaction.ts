/** Makes an etcd forget everything older than now, as kube-apiserver asks it to every five minutes. */
export async function compactEtcd(endpoint: string): Promise<void> {
  const { header } = await post(endpoint, '/v3/maintenance/status', {});
  await post(endpoint, '/v3/kv/compaction', { revision: header?.revision, physical: true });
}

// etcd: its JSON gateway; 64-bit numbers are decimal strings.
async function post(endpoint: string, path: string, body: object): Promise<{ header?: { revision: string } }> {
  const response = await fetch(endpoint + path, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status}: ${text}`);
  return JSON.parse(text) as { header?: { revision: string } };
}
