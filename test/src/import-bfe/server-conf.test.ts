import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImportedTree, importTree } from '../../support/bfe-tree.ts';

/** The least tree with these lines in [Server]; the result is a good configuration. */
function withServer(t: TestContext, ...lines: readonly string[]): ImportedTree {
  const tree = importTree(t, { 'bfe.conf': `[Server]\n${lines.join('\n')}\n` });
  tree.settings();
  return tree;
}

test('what bfe.conf does not say has the defaults of BFE', (t) => {
  const { data, told } = withServer(t);

  assert.deepEqual(told(), []);
  const { listen, admin, drain, timeouts, limits, workers } = data;
  assert.deepEqual(
    { listen, admin, drain, timeouts, limits, workers },
    {
      listen: [{ address: ':8080' }],
      admin: { address: '127.0.0.1:8421' },
      drain: '10s',
      timeouts: { clientHeader: '1m' },
      limits: { head: '1MiB', line: '16KiB' },
      workers: undefined,
    },
  );
});

test('what it says is taken over', (t) => {
  const { data, told } = withServer(
    t,
    'HttpPort = 80',
    'HttpAddr = "2001:db8::1"',
    'MonitorPort = 9000',
    'MaxCpus = 4',
    'ClientReadTimeout = 90',
    'GracefulShutdownTimeout = 120',
    'MaxHeaderBytes = 65536',
    'MaxHeaderUriBytes = 32768',
    'DebugBal = true',
    'AcceptNum = 2',
    'MaxProxyHeaderBytes = 512',
  );

  assert.deepEqual(told(), []);
  assert.deepEqual(data.listen, [{ address: '[2001:db8::1]:80' }]);
  assert.deepEqual(data.admin, { address: '127.0.0.1:9000' });
  assert.equal(data.workers, 4);
  assert.equal(data.drain, '2m');
  assert.deepEqual(data.timeouts, { clientHeader: '90s' });
  assert.deepEqual(data.limits, { head: '64KiB', line: '32KiB' });
  assert.deepEqual(data.log, { level: 'debug' });
});

test('no monitor, no admin address', (t) => {
  assert.equal(withServer(t, 'MonitorEnabled = false').data.admin, undefined);
});

test('behind a load balancer every connection needs a PROXY header, and who may send it has to be said', (t) => {
  const { data, yaml, told } = withServer(t, 'Layer4LoadBalancer = PROXY');

  assert.deepEqual(data.listen[0].proxyProtocol, { from: ['0.0.0.0/0', '::/0'] });
  assert.match(yaml, /# Layer4LoadBalancer PROXY: Portico wants to know which load balancers to believe/);
  assert.deepEqual(told(), []);
  assert.equal(withServer(t, 'Layer4LoadBalancer = ""').data.listen[0].proxyProtocol, undefined);
});

test('a head that is larger or smaller than may be is bounded', (t) => {
  assert.deepEqual(withServer(t, 'MaxHeaderBytes = 9000000').data.limits, { head: '1MiB', line: '16KiB' });
  assert.deepEqual(withServer(t, 'MaxHeaderBytes = 2000').data.limits, { head: 2000, line: 2000 });
});

test('what is not carried over, or is no setting of BFE, is dropped', (t) => {
  const { told } = withServer(
    t,
    'KeepAliveEnabled = false',
    'EnableAiGateway = true',
    'EstimateToken = true',
    'Layer4LoadBalancer = LVS',
    'ClientReadTimeout = 0',
    'GracefulShutdownTimeout = soon',
    'HtpPort = 80',
  );

  assert.deepEqual(
    told().map((line) => line.slice(0, 54)),
    [
      'bfe.conf:2 dropped KeepAliveEnabled false: connections',
      'bfe.conf:3 dropped EnableAiGateway: Portico is no gate',
      'bfe.conf:4 dropped EstimateToken: part of the gateway ',
      'bfe.conf:5 dropped Layer4LoadBalancer "LVS": BFE knows',
      'bfe.conf:6 dropped ClientReadTimeout 0: not above 0; B',
      'bfe.conf:7 dropped GracefulShutdownTimeout of Server o',
      'bfe.conf:8 dropped "HtpPort" is no key of Server of bf',
    ],
  );
  assert.match(told()[6]!, /did you mean "httpport"\?$/);
});

test('an address that cannot be listened on is told with the line of bfe.conf, and nothing is hidden', (t) => {
  const { told, data } = importTree(t, { 'bfe.conf': '[Server]\nHttpPort = 80000\n' });

  assert.deepEqual(data.listen, []);
  assert.match(
    told('dropped').join('\n'),
    /^bfe\.conf:2 dropped listen\[0\]\.address: port 80000 is out of range/,
  );
  assert.match(told('error').join('\n'), /portico\.yaml:\d+ error /);
});

test('sections that nobody knows are named', (t) => {
  const { told } = importTree(t, { 'bfe.conf': '[Server]\n[Sever]\na = b\n' });

  assert.deepEqual(told(), [
    'bfe.conf:2 dropped "Sever" is no key of bfe.conf, and means nothing to BFE; did you mean "server"?',
  ]);
});
