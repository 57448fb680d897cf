import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMetrics } from './metrics.ts';

/** The series of a scrape: name with labels -> value. */
async function scrape(metrics: ReturnType<typeof createMetrics>): Promise<Map<string, number>> {
  const text = await metrics.registry.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

suite('metrics', () => {
  test('a registered controller shows its series from the start, under controller-runtime’s names', async () => {
    const metrics = createMetrics();
    metrics.controller.registered('tcp', 10, () => ({
      depth: 3,
      unfinishedWorkSeconds: 1.5,
      longestRunningProcessorSeconds: 1,
    }));
    const series = await scrape(metrics);
    const expected: readonly [string, number][] = [
      ['controller_runtime_reconcile_total{controller="tcp",result="success"}', 0],
      ['controller_runtime_reconcile_total{controller="tcp",result="requeue_after"}', 0],
      ['controller_runtime_reconcile_errors_total{controller="tcp"}', 0],
      ['controller_runtime_terminal_reconcile_errors_total{controller="tcp"}', 0],
      ['controller_runtime_reconcile_timeouts_total{controller="tcp"}', 0],
      ['controller_runtime_max_concurrent_reconciles{controller="tcp"}', 10],
      ['controller_runtime_active_workers{controller="tcp"}', 0],
      ['capi_reconcile_stale_cache_skips_total{controller="tcp"}', 0],
      ['workqueue_depth{name="tcp",controller="tcp"}', 3],
      ['workqueue_unfinished_work_seconds{name="tcp",controller="tcp"}', 1.5],
      ['workqueue_longest_running_processor_seconds{name="tcp",controller="tcp"}', 1],
      ['workqueue_adds_total{name="tcp",controller="tcp"}', 0],
      ['workqueue_retries_total{name="tcp",controller="tcp"}', 0],
    ];
    for (const [name, value] of expected) assert.equal(series.get(name), value, name);
  });

  test('every part of the runtime is counted', async () => {
    const metrics = createMetrics();
    metrics.controller.reconciled('tcp', 'success', 0.2);
    metrics.controller.reconcileError('tcp', { terminal: true });
    metrics.controller.queueWait('tcp', 0.001);
    metrics.controller.queueWork('tcp', 0.2);
    metrics.client.requestFinished({ method: 'GET', code: '200', host: 'tenant', durationMs: 12 });
    metrics.cache.listFinished('secrets', { objects: 7, durationMs: 30 });
    metrics.cache.listFailed('secrets');
    metrics.cache.watchEnded('secrets', { failed: true });
    metrics.leaderElection.leading('kamaji', true);
    metrics.admission.started('/validate');
    metrics.admission.finished('/validate', 200, 0.003);
    metrics.admission.certificateRead(false);
    const series = await scrape(metrics);
    const expected: readonly [string, number][] = [
      ['controller_runtime_reconcile_time_seconds_count{controller="tcp"}', 1],
      ['controller_runtime_terminal_reconcile_errors_total{controller="tcp"}', 1],
      ['workqueue_queue_duration_seconds_count{name="tcp",controller="tcp"}', 1],
      ['workqueue_work_duration_seconds_bucket{le="1",name="tcp",controller="tcp"}', 1],
      ['rest_client_requests_total{code="200",method="GET",host="tenant"}', 1],
      ['rest_client_request_duration_seconds_sum{verb="GET",host="tenant"}', 0.012],
      ['reflector_objects{resource="secrets"}', 7],
      ['reflector_list_errors_total{resource="secrets"}', 1],
      ['reflector_watch_errors_total{resource="secrets"}', 1],
      ['leader_election_master_status{name="kamaji"}', 1],
      ['controller_runtime_webhook_requests_total{webhook="/validate",code="200"}', 1],
      ['controller_runtime_webhook_requests_in_flight{webhook="/validate"}', 0],
      ['controller_runtime_webhook_latency_seconds_count{webhook="/validate"}', 1],
      ['certwatcher_read_certificate_total', 1],
      ['certwatcher_read_certificate_errors_total', 1],
    ];
    for (const [name, value] of expected) assert.equal(series.get(name), value, name);
    assert.ok(series.has('nodejs_eventloop_lag_p99_seconds'));
  });
});
