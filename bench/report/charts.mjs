// Curves as SVG, drawn without a browser. White behind them, so that they can be read on a dark page too.
import * as echarts from 'echarts';
import { figure } from './figures.mjs';

const SIZE = { width: 760, height: 400 };
const COLOURS = ['#1f5fbf', '#c2410c', '#15803d', '#7e22ce'];
const TEXT = { color: '#1f2328', fontFamily: 'sans-serif', fontSize: 13 };

/** Name of the file -> SVG, of what was measured. */
export function chartsOf({ comparison, growth }) {
  return {
    ...(comparison && { 'performance-cpu.svg': cpuChart(comparison) }),
    ...(growth && {
      'performance-phones.svg': phonesChart(growth),
      'performance-in-flight.svg': inFlightChart(growth, 'perSecond', 'sends/s'),
      'performance-answers.svg': inFlightChart(growth, 'p99Ms', 'p99 of the answer in ms'),
      'performance-processes.svg': processesChart(growth),
    }),
  };
}

function cpuChart({ contestants }) {
  const names = Object.keys(contestants);
  const bars = (operation) => ({
    name: operation,
    type: 'bar',
    label: { show: true, position: 'top', formatter: ({ value }) => value.toFixed(0), ...TEXT },
    data: names.map((name) => figure(contestants[name], `${operation}.cpuMicroseconds`).median),
  });
  return draw({
    xAxis: category(names, ''),
    yAxis: linear('CPU us per operation'),
    series: [bars('send'), bars('check')],
  });
}

function phonesChart({ phones }) {
  const line = (name, path) => ({
    name,
    type: 'line',
    data: phones.map((result) => [result.phones, figure(result, path).median]),
  });
  return draw({
    xAxis: logarithmic('active phones in Redis'),
    yAxis: linear('CPU us per operation'),
    series: [
      line('send', 'send.cpuMicroseconds'),
      line('check', 'check.cpuMicroseconds'),
      line('send, in Redis', 'send.redisCpuMicroseconds'),
      line('check, in Redis', 'check.redisCpuMicroseconds'),
    ],
  });
}

function inFlightChart({ inFlight }, field, title) {
  const latencies = [...new Set(inFlight.map(({ latencyMs }) => latencyMs))];
  return draw({
    xAxis: logarithmic('sends in flight'),
    yAxis: axis('log', title, GAP + 8),
    series: latencies.map((latencyMs) => ({
      name: `Twilio at ${latencyMs} ms`,
      type: 'line',
      data: inFlight.filter((one) => one.latencyMs === latencyMs).map((one) => [one.inFlight, one[field]]),
    })),
  });
}

function processesChart({ processes }) {
  const bars = (name, valueOf) => ({
    name,
    type: 'bar',
    label: { show: true, position: 'top', formatter: ({ value }) => value.toFixed(0), ...TEXT },
    data: processes.map(valueOf),
  });
  return draw({
    xAxis: category(
      processes.map((one) => String(one.processes)),
      'processes on one Redis',
    ),
    yAxis: linear('operations/s in all'),
    series: [bars('sends/s', ({ send }) => send.perSecond), bars('checks/s', ({ check }) => check.perSecond)],
  });
}

function draw(option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    textStyle: TEXT,
    legend: { top: 8, textStyle: TEXT },
    grid: { left: 80, right: 44, top: 48, bottom: 64 },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return withoutStyles(svg);
}

/** What it looks like under a pointer is left out: its names count on, and would differ with what was drawn before. */
function withoutStyles(svg) {
  return `${svg
    .replaceAll(/<style[^>]*>.*?<\/style>/gs, '')
    .replaceAll(/ class="[^"]*"/g, '')
    .replaceAll(/zr\d+-/g, 'zr-')
    .trim()}\n`;
}

function axis(type, name, gap) {
  return {
    type,
    name,
    nameLocation: 'middle',
    nameGap: gap,
    nameTextStyle: TEXT,
    axisLabel: TEXT,
    axisLine: { show: true, lineStyle: { color: '#57606a' } },
  };
}

const GAP = 40;
const category = (data, name) => {
  const described = axis('category', name, GAP);
  return { ...described, axisLabel: { ...described.axisLabel, interval: 0 }, data };
};
const linear = (name) => ({ ...axis('value', name, GAP + 14), min: 0 });
const logarithmic = (name) => ({ ...axis('log', name, GAP), min: 'dataMin' });
