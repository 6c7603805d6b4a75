import { defaultDarkTheme, defaultLightTheme, type RaThemeOptions } from 'react-admin';
import { EmptyHere } from './parts/list';
import { Rows } from './parts/rows';

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const shape = (line: string, paper: string, ground: string, hover: string): RaThemeOptions => ({
  shape: { borderRadius: 8 },
  sidebar: { width: 236, closedWidth: 56 },
  typography: {
    fontFamily: FONT,
    fontSize: 14,
    h4: { fontSize: '1.5rem', fontWeight: 650, letterSpacing: '-0.015em' },
    h5: { fontSize: '1.25rem', fontWeight: 650, letterSpacing: '-0.01em' },
    h6: { fontSize: '1.05rem', fontWeight: 620, letterSpacing: '-0.005em' },
    button: { textTransform: 'none', fontWeight: 560 },
  },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        body: { backgroundColor: ground, fontFeatureSettings: '"cv05", "tnum"' },
        // Wide tables scroll in their own part of the page, never the page itself.
        '#root > .layout': { minWidth: 0 },
        '.RaLayout-appFrame, .RaLayout-contentWithSidebar, #main-content, .RaCreate-main, .RaCreate-card, .RaEdit-main, .RaEdit-card, .RaShow-main, .RaShow-card, .RaList-main':
          {
            minWidth: 0,
            maxWidth: '100%',
          },
        ':focus-visible': { outline: '2px solid currentColor', outlineOffset: 2 },
        'code, .mono': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace', fontSize: '0.86em' },
      },
    },
    MuiPaper: {
      defaultProps: { elevation: 0 },
      styleOverrides: {
        root: { backgroundImage: 'none' },
        elevation1: { border: `1px solid ${line}`, boxShadow: 'none' },
      },
    },
    MuiCard: { styleOverrides: { root: { border: `1px solid ${line}`, backgroundColor: paper } } },
    MuiAppBar: {
      styleOverrides: {
        root: { backgroundColor: paper, color: 'inherit', borderBottom: `1px solid ${line}`, boxShadow: 'none' },
      },
    },
    MuiButton: { defaultProps: { disableElevation: true }, styleOverrides: { sizeSmall: { padding: '5px 11px' } } },
    MuiTableCell: {
      styleOverrides: { root: { borderColor: line, fontVariantNumeric: 'tabular-nums' }, head: { fontWeight: 560 } },
    },
    MuiTableRow: {
      styleOverrides: {
        root: {
          '&:last-child td': { borderBottom: 0 },
          '&:focus-visible': { outline: '2px solid currentColor', outlineOffset: -2 },
        },
      },
    },
    MuiTextField: { defaultProps: { variant: 'outlined', size: 'small' } },
    MuiFormControl: { defaultProps: { variant: 'outlined', size: 'small' } },
    MuiTooltip: { defaultProps: { arrow: true } },
    RaMenuItemLink: {
      styleOverrides: {
        root: {
          borderRadius: 6,
          margin: '1px 8px',
          padding: '6px 10px',
          minHeight: 34,
          '&.RaMenuItemLink-active': { backgroundColor: hover, fontWeight: 600 },
        },
      },
    },
    // Twice the weight, since the stock rule for phones stands in a media query.
    RaTopToolbar: { styleOverrides: { root: { '&&': { backgroundColor: 'transparent' } } } },
    RaListToolbar: { styleOverrides: { root: { '&&': { backgroundColor: 'transparent' } } } },
    RaSimpleList: {
      defaultProps: { empty: <EmptyHere /> },
      styleOverrides: { root: { '& .RaSimpleList-tertiary': { opacity: 1 } } },
    },
    RaDatagrid: {
      defaultProps: { body: Rows },
      styleOverrides: {
        root: {
          '& .RaDatagrid-headerCell': { backgroundColor: 'transparent' },
          '& .RaDatagrid-tableWrapper': { overflowX: 'auto' },
        },
      },
    },
  },
});

const light = shape('#e4e3de', '#ffffff', '#f6f5f1', '#e9efec');
const dark = shape('#2b302e', '#191d1b', '#111413', '#26302c');

export const lightTheme: RaThemeOptions = {
  ...defaultLightTheme,
  ...light,
  palette: {
    mode: 'light',
    primary: { main: '#0f6b4f' },
    secondary: { main: '#0f6b4f' },
    background: { default: '#f6f5f1', paper: '#ffffff' },
    text: { primary: '#1c211f', secondary: '#5e6662' },
    divider: '#e4e3de',
    error: { main: '#b3312c' },
    warning: { main: '#9a5b00' },
    success: { main: '#1c7c4a' },
  },
};

export const darkTheme: RaThemeOptions = {
  ...defaultDarkTheme,
  ...dark,
  palette: {
    mode: 'dark',
    primary: { main: '#5fc8a0' },
    secondary: { main: '#5fc8a0' },
    background: { default: '#111413', paper: '#191d1b' },
    text: { primary: '#e9ecea', secondary: '#a2aba6' },
    divider: '#2b302e',
    error: { main: '#f0857f' },
    warning: { main: '#e2ad5b' },
    success: { main: '#6ccf97' },
  },
};
