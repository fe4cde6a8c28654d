/** "twoThirds" as people write it. */
export function words(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return capital(spaced);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
