import assert from 'node:assert/strict';
import type { BytesOwner } from '../../protocols/http/output.ts';

/** Counts who has bytes of it; fails when somebody lets go of them twice. */
export class CountedOwner implements BytesOwner {
  users = 0;
  retained = 0;
  readonly release: () => void = () => {
    this.users -= 1;
    assert.ok(this.users >= 0, 'released more often than retained');
  };

  retain(): void {
    this.users += 1;
    this.retained += 1;
  }
}
