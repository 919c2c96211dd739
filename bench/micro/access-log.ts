import { bench, run } from 'mitata';
import type { Clock } from '../../src/core/clock.ts';
import { createAccessLog } from '../../src/modules/access-log/access-log.ts';
import { finishedExchange } from '../../test/support/finished-exchange.ts';

/** The cost of one access-log line, without the write: what `log.access` adds to each request. */
let characters = 0;
const output = {
  enabled: true,
  write(line: string): void {
    characters += line.length;
  },
};
let now = 1_000;
const clock: Clock = { now: () => now, wall: () => 1_790_000_000_000 + now };
const log = createAccessLog(output, clock).handlers!.requestFinish!;

const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const plain = finishedExchange();
const browser = finishedExchange(
  {},
  { headers: ['user-agent', userAgent, 'referer', 'https://shop.example.org/catalogue?page=2'] },
);
const foreign = finishedExchange({}, { headers: ['user-agent', 'm\xc3\xbcller "1.0"'] });

bench('line of a curl request', () => {
  now += 0.125;
  log(plain);
});
bench('line of a browser request', () => {
  now += 0.125;
  log(browser);
});
bench('line with a value to be escaped', () => {
  now += 0.125;
  log(foreign);
});

await run();
if (characters === 0) throw new Error('nothing was written');
