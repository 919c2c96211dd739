import { systemClock } from '../core/clock.ts';
import { createServerFromSettings } from '../server.ts';
import { runWorker } from './run-worker.ts';

/** Entry of a worker process; started by the primary only. */
runWorker(createServerFromSettings, systemClock);
