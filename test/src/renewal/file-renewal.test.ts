import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RenewableSettings, Renewal } from '../../../src/core/renewable-settings.ts';
import { FileRenewal } from '../../../src/renewal/file-renewal.ts';
import { emptySettings } from '../../support/fake-worker.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('what is bad is complained of once, as long as it is bad in the same way', async (t) => {
  const { renewal, said, renewals } = following(t);
  const bad = (report: string): Renewal => ({ renewed: undefined, refused: [{ files: ['/a'], report }] });
  renewals.push(bad('one'), bad('one'), bad('two'), { renewed: undefined, refused: [] }, bad('one'));

  const refused: string[][] = [];
  for (let i = 0; i < 5; i++) {
    await renewal.run();
    refused.push(renewal.refused.map(({ report }) => report));
  }

  assert.deepEqual(refused, [['one'], ['one'], ['two'], [], ['one']]);
  assert.deepEqual(
    said.map((line) => line.split(' ')[0]),
    ['error', 'error', 'error'],
  );
});

test('what cannot be taken is tried again a minute later, from where it was', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { renewal, said, renewals, taken, settings, dues } = following(t, ['a worker refused', undefined]);
  const next = settings();
  renewals.push({ renewed: next, refused: [] }, { renewed: next, refused: [] });

  await renewal.run();
  t.mock.timers.tick(59_999);
  assert.equal(dues.length, 0);
  t.mock.timers.tick(1);
  assert.equal(dues.length, 1);
  await renewal.run();

  assert.deepEqual(taken, [next, next]);
  assert.deepEqual(said, [
    'error certificate files have changed and could not be taken, nothing has changed',
    'info certificate files have changed and were taken',
  ]);
});

test('what has changed is looked at until it is taken, and what is not good until it is', {
  timeout: 10_000,
}, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const directory = temporaryDirectory(t);
  const files = ['a', 'b'].map((name) => join(directory, name)) as [string, string];
  for (const file of files) writeFileSync(file, 'old');
  const { renewal, renewals, settings, asked, due } = following(t, ['a worker refused', undefined], files);
  const seen = async (): Promise<string[]> => {
    await renewal.run();
    return asked
      .at(-1)!
      .map((file) => basename(file))
      .toSorted();
  };
  const refused = [{ files: [files[1]], report: 'bad' }];
  renewals.push(
    { renewed: settings(), refused: [] },
    { renewed: settings(), refused },
    { renewed: undefined, refused },
    { renewed: undefined, refused: [] },
    { renewed: undefined, refused: [] },
  );
  t.mock.timers.tick(1000);
  await due();

  assert.deepEqual(await seen(), ['a', 'b'], 'nothing is known of them');
  assert.deepEqual(await seen(), ['a', 'b'], 'they could not be taken');
  assert.deepEqual(await seen(), ['b']);
  assert.deepEqual(await seen(), ['b']);
  assert.deepEqual(await seen(), []);
});

test('a fault of ours in reading files ends nothing', async (t) => {
  const { renewal, said } = following(t);

  await renewal.run();

  assert.deepEqual(said, ['error a fault in Portico: changed files were not taken']);
});

/** Each renewal of the list is what one look finds; after the last one reading throws. */
function following(t: TestContext, outcomes: (string | undefined)[] = [], files: readonly string[] = []) {
  const said: string[] = [];
  const renewals: Renewal[] = [];
  const taken: RenewableSettings[] = [];
  const dues: number[] = [];
  /** What each look was told. */
  const asked: string[][] = [];
  const firstDue = Promise.withResolvers<void>();
  const note = (level: string) => (_fields: object, message: string) => void said.push(`${level} ${message}`);
  const settings = (): RenewableSettings => {
    return {
      settings: emptySettings(),
      warnings: '',
      files,
      marks: new Map(),
      renew(changed) {
        asked.push([...changed]);
        return renewals.shift() ?? assert.fail('a fault');
      },
    };
  };
  const renewal = new FileRenewal({
    logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    due() {
      dues.push(0);
      firstDue.resolve();
    },
    async take(renewed) {
      taken.push(renewed);
      return outcomes.shift();
    },
  });
  renewal.follow(settings());
  t.after(() => renewal.close());
  return { renewal, said, renewals, taken, settings, dues, asked, due: () => firstDue.promise };
}
