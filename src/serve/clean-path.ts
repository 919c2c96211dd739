/**
 * The canonical form of a path: one slash at a time, no `.` and no `..`, a trailing slash kept. Begins with a slash. Percent-encoding
 * stays as it is.
 */
export function cleanPath(path: string): string {
  if (path === '') return '/';
  if (path.startsWith('/') && !/\/\/|\/\.{1,2}(?:\/|$)/.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}
