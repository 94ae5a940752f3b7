/** 0.82 s, 312 ms, never. */
export function duration(ms: number): string {
  if (Number.isNaN(ms)) {
    return '-';
  }
  if (!Number.isFinite(ms)) {
    return 'never';
  }
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** 1.03, 14.2, 310. */
export function count(value: number): string {
  if (Number.isNaN(value)) {
    return '-';
  }
  if (Number.isInteger(value)) {
    return value.toLocaleString('en');
  }
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** 512 B, 1.4 kB. */
export function bytes(value: number): string {
  return value < 1000
    ? `${Math.round(value)} B`
    : value < 1e6
      ? `${(value / 1000).toFixed(1)} kB`
      : `${(value / 1e6).toFixed(1)} MB`;
}

/** 98.4 %; never rounds something missing to 100 %. */
export function percent(share: number): string {
  if (Number.isNaN(share)) {
    return '-';
  }
  const text = (Math.floor(share * 1000) / 10).toFixed(1);
  return `${text.replace(/\.0$/, '')} %`;
}
