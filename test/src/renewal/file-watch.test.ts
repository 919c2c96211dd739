import assert from 'node:assert/strict';
import fs, {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileMark } from '../../../src/core/file-mark.ts';
import { FileWatch } from '../../../src/renewal/file-watch.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

// Each waits for the change that it has caused. Without a watch the poll would tell of it too, but only after ten seconds.
const PATIENCE = { timeout: 8_000 };

test('sees a file that is written into', PATIENCE, async (t) => {
  const { file, next } = await watched(t, (file) => writeFileSync(file, 'old'));

  writeFileSync(file, 'new');

  await next();
});

test(
  'tells nothing of a file that is as it was read, and of one that has changed since',
  PATIENCE,
  async (t) => {
    const directory = temporaryDirectory(t);
    const files = ['a', 'b'].map((name) => join(directory, name));
    for (const file of files) writeFileSync(file, 'old');
    const marks = new Map(files.map((file) => [file, fileMark(statSync(file, { bigint: true }))]));
    const [same, other] = [0, 1].map(() => {
      const told = Promise.withResolvers<void>();
      const watch = new FileWatch({
        changed: () => told.resolve(),
        degraded: (reason) => assert.fail(reason),
      });
      t.after(() => watch.close());
      return { watch, told: told.promise };
    }) as [{ watch: FileWatch; told: Promise<void> }, { watch: FileWatch; told: Promise<void> }];
    let isTold = false;
    void same.told.then(() => {
      isTold = true;
    });
    const alive = setInterval(() => {}, 1_000);
    t.after(() => clearInterval(alive));

    same.watch.follow([files[0]!], marks);
    writeFileSync(files[1]!, 'new');
    other.watch.follow([files[1]!], marks);
    await other.told;
    // The look of the first was due before that of the second.
    await new Promise((resolve) => setImmediate(resolve));

    assert.equal(isTold, false);
  },
);

test(
  'is woken once by a neighbour that is written all the time, and still sees its file',
  PATIENCE,
  async (t) => {
    const { watch } = fs;
    let events = 0;
    t.mock.method(fs, 'watch', (name: string, options: fs.WatchOptions, listener: () => void) =>
      watch(name, options, () => {
        events += 1;
        listener();
      }),
    );
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    const { file, directory, next } = await watched(t, (file) => writeFileSync(file, 'old'));
    const before = events;

    for (let i = 0; i < 50; i++) {
      appendFileSync(join(directory, 'log'), 'a line\n');
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(events - before <= 5, `${events - before} events`);

    writeFileSync(file, 'new');
    await next();
  },
);

test('rests a millisecond for each file between two looks', PATIENCE, async (t) => {
  const directory = temporaryDirectory(t);
  const files = Array.from({ length: 2_500 }, (_, i) => join(directory, `${i}.crt`));
  const before = performance.now();
  const { file, told, next } = await watched(t, () => {}, directory, files);

  writeFileSync(file, 'new');
  await next();

  assert.ok(told.at(-1)! - before > 2_500, `${told.at(-1)! - before} ms`);
});

test('sees a file that is renamed over', PATIENCE, async (t) => {
  const { file, next } = await watched(t, (file) => writeFileSync(file, 'old'));

  for (let i = 0; i < 2; i++) {
    writeFileSync(`${file}.tmp`, `new ${i}`);
    renameSync(`${file}.tmp`, file);
    await next();
  }
});

test('sees a link that is swapped, as Kubernetes does, time and again', PATIENCE, async (t) => {
  const { directory, next } = await watched(t, (file, directory) => {
    release(directory, 0);
    symlinkSync('..data/tls.crt', file);
  });

  for (let i = 1; i <= 2; i++) {
    release(directory, i);
    rmSync(join(directory, `..release-${i - 1}`), { recursive: true });
    await next();
  }
});

test('sees a file in a directory that is made anew', PATIENCE, async (t) => {
  const root = temporaryDirectory(t);
  const directory = join(root, 'certs');
  const { next } = await watched(
    t,
    (file) => {
      mkdirSync(directory);
      writeFileSync(file, 'old');
    },
    directory,
  );

  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'tls.crt'), 'new');
  await next();
  writeFileSync(join(directory, 'tls.crt'), 'newer');
  await next();
});

test('a storm of changes is told at most once a second', PATIENCE, async (t) => {
  const { file, next, told } = await watched(t, (file) => writeFileSync(file, 'old'));
  const before = told.length;

  for (let i = 0; i < 50; i++) {
    writeFileSync(file, `new ${i}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await next();
  writeFileSync(file, 'last');
  await next();

  const times = told.slice(before);
  for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! > 900, `${times}`);
  assert.ok(times.length <= 4, `${times.length} times`);
});

test('other files of the directory are no news', PATIENCE, async (t) => {
  const { file, directory, next, told } = await watched(t, (file) => writeFileSync(file, 'old'));
  const before = told.length;

  writeFileSync(join(directory, 'other'), 'x');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(told.length, before);

  writeFileSync(file, 'new');
  await next();
});

test(
  'more directories than may be watched are complained of once, and those that are watched go on',
  PATIENCE,
  async (t) => {
    const root = temporaryDirectory(t);
    const files = Array.from({ length: 520 }, (_, i) => join(root, `d${i}`, 'tls.crt'));
    const complaints: string[] = [];
    const { next, watch } = await watched(
      t,
      () => {
        for (const file of files) {
          mkdirSync(dirname(file));
          writeFileSync(file, 'old');
        }
      },
      root,
      files,
      (reason) => complaints.push(reason),
    );

    writeFileSync(files[0]!, 'new');
    await next();
    watch.follow(files, new Map());
    writeFileSync(files[511]!, 'new');
    await next();

    assert.deepEqual(complaints, ['more than 512 directories']);
  },
);

/** What Kubernetes does to renew a secret: a new directory, and the link to it renamed over the old one. */
function release(directory: string, n: number): void {
  mkdirSync(join(directory, `..release-${n}`));
  writeFileSync(join(directory, `..release-${n}`, 'tls.crt'), `release ${n}`);
  symlinkSync(`..release-${n}`, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

interface Watched {
  readonly file: string;
  readonly directory: string;
  readonly watch: FileWatch;
  /** When changes were told. */
  readonly told: number[];
  readonly next: () => Promise<void>;
}

/** A watch that has told of the first look. `next` resolves when a change is told that was not waited for yet. */
async function watched(
  t: TestContext,
  prepare: (file: string, directory: string) => void,
  directory: string = temporaryDirectory(t),
  files: readonly string[] = [join(directory, 'tls.crt')],
  degraded: (reason: string) => void = (reason) => assert.fail(reason),
): Promise<Watched> {
  const file = files[0]!;
  prepare(file, directory);
  const told: number[] = [];
  let waited = 0;
  let wake = (): void => {};
  const watch = new FileWatch({
    changed() {
      told.push(performance.now());
      wake();
    },
    degraded,
  });
  t.after(() => watch.close());
  // The watch alone does not keep the process.
  const alive = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(alive));
  const next = async (): Promise<void> => {
    while (told.length <= waited) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    waited = told.length;
  };
  watch.follow(files, new Map());
  await next();
  return { file, directory, watch, told, next };
}
