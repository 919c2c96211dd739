/**
 * Lets in who shows a key that the configuration knows, and tells the backend whose it is. docs/modules.md explains what a module
 * can do; the types are those of the package: `import('portico').ModuleKind`.
 *
 * @type {import('portico').ModuleKind}
 */
export const moduleKind = {
  name: 'partner-keys',

  // Asked when the configuration is checked: what is wrong is reported with its place in the file.
  check(settings) {
    const faults = [];
    if (typeof settings?.header !== 'string')
      faults.push({ path: ['header'], message: 'the name of a header is needed' });
    if (typeof settings?.keys !== 'object' || settings.keys === null)
      faults.push({ path: ['keys'], message: 'keys are needed', hint: 'write keys: { "7d3f0c": acme }' });
    return faults;
  },

  create({ header, keys }) {
    const partners = new Map(Object.entries(keys));
    const name = header.toLowerCase();
    const partnerOf = ({ headers }) => {
      for (let i = 0; i < headers.length; i += 2)
        if (headers[i] === name) return partners.get(headers[i + 1]);
      return undefined;
    };
    return {
      // Pure: it looks at nothing but the request, so its answer is kept for a head and its repetitions.
      decide: ({ head }) =>
        partnerOf(head) === undefined
          ? { kind: 'respond', status: 401, headers: ['content-type', 'text/plain'], body: 'show your key\n' }
          : { kind: 'continue' },
      tag: ({ head }) => ['partner', partnerOf(head) ?? 'unknown'],
      rewriteRequest: (_session, head, headers) => [
        ...headers.filter((_, i) => headers[i - (i % 2)] !== name),
        'x-partner',
        partnerOf(head) ?? 'unknown',
      ],
    };
  },
};
