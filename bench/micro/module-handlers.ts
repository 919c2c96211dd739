import { bench, do_not_optimize, run } from 'mitata';
import { CONTINUE, type Module, type ReceivedExchange } from '../../src/core/callback-points.ts';
import { Chains } from '../../src/proxy/chains.ts';

/** The cost of asking modules, measuring them included, beside what it would be to measure each call. */
const exchange = { path: '/' } as unknown as ReceivedExchange;
const quick: Module = { name: 'quick', handlers: { beforeLocation: () => CONTINUE } };
const watch = { answered() {}, failed() {}, timed() {}, waited() {}, now: () => performance.now() };
const one = new Chains([quick], watch);
const four = new Chains([quick, quick, quick, quick], watch);

bench('one handler', () => do_not_optimize(one.ask('beforeLocation', exchange)));
bench('four handlers', () => do_not_optimize(four.ask('beforeLocation', exchange)));
bench('the clock, asked twice', () => do_not_optimize(performance.now() - performance.now()));

await run();
