/** The wall's typeface. The phone page goes by the phone's own: a megabyte of type is dear on the street. */
import "@fontsource-variable/noto-sans-sc/wght.css";
