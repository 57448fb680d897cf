/** Whether the API server checks values of that format; all others are remarks (Kubernetes: apiextensions formats). */
export function isKnownFormat(format: string | undefined): format is string {
  return format !== undefined && Object.hasOwn(checks, normalized(format));
}

export function fitsFormat(format: string, value: string): boolean {
  return checks[normalized(format)]?.(value) ?? true;
}

function normalized(format: string): string {
  return format.replaceAll('-', '');
}

// The formats that our schemas use, and what else is likely in those of Cluster API.
const checks: Readonly<Record<string, (value: string) => boolean>> = {
  // Nothing at all is not base64 here.
  byte: (value) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(value),
  date: (value) => isDate(value),
  datetime: isDateTime,
  password: () => true,
  uuid: (value) => /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
};

function isDateTime(value: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-](\d{2}):?(\d{2}))$/.exec(value);
  if (match === null) return false;
  const [, date = '', hours, minutes, seconds] = match;
  return isDate(date) && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
}

function isDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}
