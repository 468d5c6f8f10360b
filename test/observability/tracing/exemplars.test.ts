import { expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { PrometheusServer } from '../../support/prometheus-server.ts';
import { connect } from '../../support/ws-client.ts';

const TOKEN = 'demo-token';
/** The histograms with exemplars, and the span that an exemplar of each leads to. */
const HISTOGRAMS = [
  ['video_task_gateway_upstream_call_seconds_bucket', 'POST /api/v1/video/awsResult'],
  ['video_task_gateway_poll_lateness_seconds_bucket', 'poll'],
] as const;

test('Prometheus answers exemplars whose traces the collector has received', async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  await using collector = await startOtlpReceiver();
  await using gateway = await GatewayProcess.start({
    A2E_API_URL: simulator.url,
    A2E_API_TOKEN: TOKEN,
    AUTH_MODE: 'open',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  await using prometheus = await PrometheusServer.start(gateway.url, { features: ['exemplar-storage'] });
  simulator.setTask('task-1', { status: 'process', process: 10 });
  await using socket = await connect(gateway.url);
  socket.subscribe('1', 'subscription { taskStatus(id: "task-1") { status } }');
  for (const [histogram, name] of HISTOGRAMS) {
    await expect.poll(() => prometheus.exemplars(histogram)).not.toEqual([]);
    for (const { labels } of await prometheus.exemplars(histogram)) {
      const { trace_id: traceId, span_id: spanId } = labels;
      expect(await collector.spans.find((span) => span.spanId === spanId)).toMatchObject({ traceId, name });
    }
  }
});
