let dateSecond = 0;
let dateText = '';

/** IMF-fixdate (RFC 9110, section 5.6.7), made once a second. `wall`: milliseconds since the epoch. */
export function httpDate(wall: number): string {
  const second = Math.floor(wall / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(wall).toUTCString();
  }
  return dateText;
}
