/**
 * Writes docs/strictness.md: every refusal of the HTTP/1 transcripts, and those of the HTTP/2 transcripts that concern messages, beside
 * what other fronts answer to the same bytes. Portico itself is asked over a socket too, and must do what the transcripts say.
 */
import { writeFileSync } from 'node:fs';
import { writeDocument } from './strictness/document.ts';
import { compareHttp1 } from './strictness/http1-comparison.ts';
import { compareHttp2 } from './strictness/http2-comparison.ts';
import { writeHttp2Section } from './strictness/http2-section.ts';

const http1 = await compareHttp1();
const http2 = await compareHttp2();
const text = writeDocument(http1.peers, http1.rows, writeHttp2Section(http2));
writeFileSync(new URL('../../docs/strictness.md', import.meta.url), text);

const strangers = [...http1.strangers, ...http2.strangers];
console.log(`${http1.rows.length} and ${http2.rows.length} cases; Portico differs in ${strangers.length}`);
for (const stranger of strangers) console.log(stranger);
process.exitCode = strangers.length === 0 ? 0 : 1;
